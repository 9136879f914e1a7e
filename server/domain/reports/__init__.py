"""What happened in a branch over a range of days, told from its diary.

visits.py   what one ticket's diary comes to
facts.py    many visits, column by column
report.py   what they say together: counts, medians, shares
"""
