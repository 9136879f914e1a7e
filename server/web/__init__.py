"""The shared kit of the faces: pages, sockets, who is asking, and what keeps strangers out."""
