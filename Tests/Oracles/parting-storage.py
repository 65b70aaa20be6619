"""A storage over TLS that says goodbye in the middle of the first upload, and takes the next.

    parting-storage.py PORT CERTIFICATE KEY

Every object is three bytes long. It says goodbye as TLS wants it, takes so much more that the other side must have come
to where it may read that, and closes.
"""
import socket
import ssl
import sys
import threading

# More than can be under way between two processes.
MORE = 16 << 20
uploads = []


def request(file):
    """The method of the next request, and how long its body is; None at the end."""
    line = file.readline().decode()
    length = 0
    while (field := file.readline().decode().strip().lower()):
        name, _, value = field.partition(":")
        length = int(value) if name == "content-length" else length
    return (line.split()[0], length) if line else None


def serve(connection):
    file = connection.makefile("rb")
    while (asked := request(file)):
        method, length = asked
        if method == "PUT":
            uploads.append(length)
            if len(uploads) == 1:
                file.read(100_000)
                part(connection)
                return
            while length > 0 and (piece := file.read(min(length, 1 << 16))):
                length -= len(piece)
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: "1"\r\n\r\n')
        else:
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: "1"\r\n\r\nabc')


def part(connection):
    try:
        connection.unwrap()
    except OSError:
        pass  # What comes instead of the other side's goodbye is more of the body.
    left = MORE
    while left > 0 and (piece := socket.socket.recv(connection, 1 << 16)):
        left -= len(piece)
    connection.shutdown(socket.SHUT_RDWR)


def accepted(connection, context):
    try:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            serve(wrapped)
    except OSError:
        pass


def main():
    port, certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        while True:
            threading.Thread(target=accepted, args=(listener.accept()[0], context), daemon=True).start()


main()
