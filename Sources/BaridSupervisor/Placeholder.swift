// BaridSupervisor begins here.
