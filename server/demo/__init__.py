"""A living branch: made-up people who join, are called, are served and rate through the same actions as everybody.

kinds.py   a bank, a clinic and a public office: who comes when, for what, and who serves
plan.py    one day of such a branch, drawn from a seed: what everybody is going to do
staged.py  the branch file that a kind lives in
agenda.py  whose turn it is to do something, in order of time
stages.py  where it happens: on a clock that jumps, or in the real world, so many times as fast
hall.py    the day lived: people and agents act by their plan
living.py  day after day inside a server, told in one line
"""
