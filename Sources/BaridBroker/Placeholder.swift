// BaridBroker begins here.
