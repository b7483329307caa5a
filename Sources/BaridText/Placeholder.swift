// BaridText begins here.
