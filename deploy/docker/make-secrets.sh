#!/bin/sh
# Makes the secrets of docker-compose.yml in /secrets, unless they are there. Readable by the containers' users, which
# differ from image to image; the volume is theirs alone.
set -eu
cd /secrets
random() { head -c 48 /dev/urandom | base64 | tr -d '\n/+='; }
make() { [ -s "$1" ] || { printf '%s' "$2" > "$1.new" && mv "$1.new" "$1"; }; }
make jwt "$(random)"
make postgres "$(random)"
make s3 "$(random)"
make meilisearch "$(random)"
make database-url "postgres://scriptorium:$(cat postgres)@postgres:5432/scriptorium"
make s3.json "{\"identities\":[{\"name\":\"scriptorium\",\"credentials\":[{\"accessKey\":\"scriptorium\",\"secretKey\":\"$(cat s3)\"}],\"actions\":[\"Admin\",\"Read\",\"Write\",\"List\"]}]}"
chmod 644 ./*
