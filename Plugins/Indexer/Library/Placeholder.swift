// begins here.
