// BaridLog begins here.
