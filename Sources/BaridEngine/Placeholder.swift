// BaridEngine begins here.
