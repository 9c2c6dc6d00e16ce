# Nothing is said here: waiting and talking are all there is.
