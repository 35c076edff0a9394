"""Asks a server with nothing but Python's standard library.

    python3 ask.py http://localhost:8000 MODEL
"""

import json
import struct
import sys
import urllib.error
import urllib.request

URL, MODEL = sys.argv[1:3]


def post(path, body, headers={}):
    """Sends bytes; returns the answer's headers and bytes."""
    request = urllib.request.Request(URL + path, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        # 503 and 429 say in Retry-After how many seconds to wait.
        sys.exit(f"{error.code}: {json.load(error)['error']}")


def post_json(path, value):
    return json.loads(post(path, json.dumps(value).encode())[1])


def infer(model, texts, numbers):
    """Scores columns by the Open Inference Protocol with binary tensors; returns the scores."""
    parts, inputs = [], []
    for name, values in texts.items():
        encoded = [value.encode() for value in values]
        parts.append(b"".join(struct.pack("<I", len(value)) + value for value in encoded))
        inputs.append({"name": name, "datatype": "BYTES", "shape": [len(values)]})
    for name, values in numbers.items():
        parts.append(struct.pack(f"<{len(values)}f", *values))
        inputs.append({"name": name, "datatype": "FP32", "shape": [len(values)]})
    for tensor, part in zip(inputs, parts):
        tensor["parameters"] = {"binary_data_size": len(part)}
    header = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    headers, body = post(
        f"/v2/models/{model}/infer",
        header + b"".join(parts),
        {"Inference-Header-Content-Length": str(len(header))},
    )
    at = int(headers["Inference-Header-Content-Length"])
    for output in json.loads(body[:at])["outputs"]:
        size = output["parameters"]["binary_data_size"]
        if output["name"] == "score":
            return list(struct.unpack(f"<{size // 4}f", body[at : at + size]))
        at += size


rows = [{"user": "u1", "item": "i2", "price": 3}, {"user": "u1", "item": "i3", "price": 8}]
print(json.dumps(post_json("/v1/predict", {"model": MODEL, "rows": rows})["scores"]))

candidates = [{"item": row["item"], "price": row["price"]} for row in rows]
ranking = post_json("/v1/rank", {"model": MODEL, "context": {"user": "u1"}, "candidates": candidates, "top": 1})
print(json.dumps(ranking["results"]))

print(json.dumps(infer(MODEL, {"user": ["u1", "u1"], "item": ["i2", "i3"]}, {"price": [3, 8]})))
