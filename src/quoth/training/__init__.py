"""Training a reader: one small encoder that reads question and passage together.

One pass over ``[CLS] question [SEP] title [SEP] passage [SEP]`` ranks the passage, marks the answering span and tells
whether there is one. ``python -m quoth.training DATASET ...`` trains it; see :mod:`quoth.training.train`.
"""
