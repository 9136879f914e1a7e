"""What others would do: three servers that send one text to every socket, each in a process of its own."""
