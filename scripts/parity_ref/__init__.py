"""The Python reference: what the Go side is compared with.

capture.py  activation and gradient of a submodule, by the clone rule
cam.py      raw and final maps, transcribed from the formulas
graph.py    node addresses inside frozen TorchScript graphs
archive.py  TorchScript archives, record by record
zoo.py      the architectures compared, with weights and layers
"""
