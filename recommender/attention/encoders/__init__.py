"""Encoders: the events of a shopper become one state.

`recommender.attention.encoders.encoder` puts one together: what an event says
(`recommender.attention.encoders.reading`), a body that mixes events (a transformer, a recurrent or
a convolutional network), and a head. All of it is exported to ONNX with a dynamic length.

Shapes: B sequences, T events, D width, H heads, W width of a head, Q events that ask, K events that
are asked.
"""
