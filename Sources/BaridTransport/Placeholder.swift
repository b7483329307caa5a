// BaridTransport begins here.
