#!/bin/sh
# Makes the certificates that the TLS tests use: an authority of our own, and servers that it
# vouches for (localhost.pem), that go by another name (elsewhere.pem) or are over (expired.pem).
# They are good for a hundred years and protect nothing.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
    -subj "/CN=authority of the tests" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout "$work/ca.key" -out authority.pem 2>/dev/null
issue() { # name, subjectAltName, further options
    name=$1 alternative=$2
    shift 2
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
        -keyout "$work/$name.key" -out "$work/$name.csr" 2>/dev/null
    printf 'subjectAltName=%s\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n' \
        "$alternative" > "$work/$name.ext"
    openssl x509 -req -in "$work/$name.csr" -CA authority.pem -CAkey "$work/ca.key" \
        -CAcreateserial -CAserial "$work/serial" -extfile "$work/$name.ext" "$@" \
        -out "$work/$name.crt" 2>/dev/null
    cat "$work/$name.key" "$work/$name.crt" > "$name.pem"
}
issue localhost "DNS:localhost,IP:127.0.0.1" -days 36500
issue elsewhere "DNS:elsewhere.example" -days 36500
issue expired "DNS:localhost,IP:127.0.0.1" -days -1
