"""The task `codec`: photographs of any size, rate against distortion, several qualities from one encoder.

    x --encoder--> y --/ step, dead zone, round--> codes --> y_hat --decoder--> x_hat
                              |                      |
                          quality                  prior: bits

J. Balle et al., "End-to-end Optimized Image Compression" (2017), https://arxiv.org/abs/1611.01704, and "Variational
Image Compression with a Scale Hyperprior" (2018), https://arxiv.org/abs/1802.01436 (the factorized model).
"""
