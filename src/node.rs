//! L3, the node role: measures the machine it runs on, when somebody looks.
