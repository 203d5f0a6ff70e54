"""What several tests share; never imported by the package."""
