// BaridSchema begins here.
