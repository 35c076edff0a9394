"""Asks a server with the client of Triton (pip install tritonclient[http]).

    python3 ask_triton.py localhost:8000 MODEL
"""

import json
import sys

import numpy
import tritonclient.http as http

ADDRESS, MODEL = sys.argv[1:3]
client = http.InferenceServerClient(ADDRESS)
assert client.is_server_ready() and client.is_model_ready(MODEL)

columns = {
    "user": numpy.array([["u1"], ["u1"]], dtype=object),
    "item": numpy.array([["i2"], ["i3"]], dtype=object),
    "price": numpy.array([[3], [8]], dtype=numpy.float32),
}
inputs = []
for name, values in columns.items():
    tensor = http.InferInput(name, values.shape, "FP32" if values.dtype == numpy.float32 else "BYTES")
    tensor.set_data_from_numpy(values)
    inputs.append(tensor)
print(json.dumps(client.infer(MODEL, inputs).as_numpy("score").ravel().tolist()))
