// Barid begins here.
