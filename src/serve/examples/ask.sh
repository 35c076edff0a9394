#!/bin/sh
# Asks a server with curl.
#
#     sh ask.sh http://localhost:8000 MODEL
set -eu
url=$1
model=$2

post() {
  curl --silent --show-error --fail-with-body --max-time 10 "$url$1" --data-binary @-
  echo
}

post /v1/predict <<END
{"model": "$model", "rows": [{"user": "u1", "item": "i2", "price": 3}, {"user": "u1", "item": "i3", "price": 8}]}
END

post /v1/rank <<END
{"model": "$model", "context": {"user": "u1"},
 "candidates": [{"item": "i2", "price": 3}, {"item": "i3", "price": 8}], "top": 1}
END

post "/v2/models/$model/infer" <<END
{"inputs": [{"name": "user", "datatype": "BYTES", "shape": [2], "data": ["u1", "u1"]},
            {"name": "item", "datatype": "BYTES", "shape": [2], "data": ["i2", "i3"]},
            {"name": "price", "datatype": "FP32", "shape": [2], "data": [3, 8]}],
 "outputs": [{"name": "score"}]}
END
