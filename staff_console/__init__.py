"""What staff see: signing in, the counter an agent works at, and a manager's setup.

Reading order: sign_in, counter (place → desk → moves), then people, devices and setup.
"""
