"""The Python reference: what the Go side is compared with.

capture.py  activation and gradient of a submodule, by the clone rule
cam.py      raw and final maps, transcribed from the formulas
graph.py    node addresses inside frozen TorchScript graphs
archive.py  TorchScript archives, record by record
zoo.py      the architectures compared, with weights and layers
plan.py     which method is compared on which network
case.py     one such comparison, and how far its oracle's own value moves
draws.py    random numbers of a peer, drawn here and written down
replay.py   pytorch-grad-cam's formulas on an activation and gradient
peers_*.py  the oracles, by family
"""
