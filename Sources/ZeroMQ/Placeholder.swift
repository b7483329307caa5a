// ZeroMQ begins here.
