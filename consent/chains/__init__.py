"""What every table of rows shares that are only added, each with the hash of the row before."""
