// A disk, or a broker, that does not flush: fdatasync and fsync return at once and do nothing.
// For LD_PRELOAD, by the power-cut rig, which must find acknowledged events lost with it.
int fdatasync(int file) { return (void)file, 0; }
int fsync(int file) { return (void)file, 0; }
