// BaridTesting begins here.
