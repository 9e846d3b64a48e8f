//! L2, reads this machine. Knows kernel files, not who asks or what is done with the values.
