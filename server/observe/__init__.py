"""What the server says of itself: lines for whoever helps, numbers for whoever watches over it.

logs.py     one object per line, with the request it belongs to
metrics.py  the numbers, and one verb for each thing that happens
told.py     the numbers as Prometheus reads them, of every worker of this machine
"""

from server.observe.logs import about as about
from server.observe.logs import start_logging as start_logging
from server.observe.metrics import action_took as action_took
from server.observe.metrics import batch_saved as batch_saved
from server.observe.metrics import board_refreshed as board_refreshed
from server.observe.metrics import bus_is_up as bus_is_up
from server.observe.metrics import connections_in_use as connections_in_use
from server.observe.metrics import frames_sent as frames_sent
from server.observe.metrics import moved_on as moved_on
from server.observe.metrics import nudged as nudged
from server.observe.metrics import pool_opened as pool_opened
from server.observe.metrics import request_served as request_served
from server.observe.metrics import shown as shown
from server.observe.metrics import socket_closed as socket_closed
from server.observe.metrics import socket_cut as socket_cut
from server.observe.metrics import socket_opened as socket_opened
from server.observe.metrics import sockets_slow as sockets_slow
from server.observe.metrics import watched as watched
from server.observe.told import MEDIA_TYPE as MEDIA_TYPE
from server.observe.told import shared_by_workers as shared_by_workers
from server.observe.told import told as told
