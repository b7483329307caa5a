"""The transport as values: frames and sessions, without sockets, clocks or threads.

Written from Protocols/1-transport.md; ``barid._connection`` gives it a socket and the time.
"""
