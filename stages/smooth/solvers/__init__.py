"""Ways to solve the smoothing system: a Cholesky factor, MKL PARDISO, conjugate gradients; and the choice of one."""
