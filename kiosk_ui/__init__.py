"""The customer's phone (door.py, then phone.py and ticket_page.py), and the screen at the door (kiosk.py)."""
