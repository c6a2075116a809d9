"""Q and E read boxes whose sides are the codes."""

import math

import numpy as np
import pytest
from fixtures import CODE_SIDE, CodeBoxes, CodeReaders

from infogan3d.disentanglement.predicted_codes import (
    drawn_codes,
    merge_variables,
    predict_with_e,
    predict_with_q,
    q_posterior,
)
from infogan3d.models.sampling import draw_codes, generate_grids


def test_q_and_e_read_back_what_the_boxes_were_made_of():
    model = CodeReaders()
    codes = draw_codes(model, 70, seed=3)
    grids = generate_grids(model, codes)
    truth = drawn_codes(codes)
    assert truth.names == ("d0", "c0", "c1")
    assert truth.discrete.tolist() == [True, False, False]
    for read in (predict_with_q(model, grids), predict_with_e(model, grids)):
        assert read.names == truth.names  # E's z is no code
        assert (read.values[:, 0] == truth.values[:, 0]).all()
        half_a_cell = math.sqrt(2) / 5 / 2
        assert np.abs(read.values - truth.values)[:, 1:].max() < half_a_cell + 1e-6


def test_answers_to_batches_are_joined_in_their_order():
    model = CodeReaders()
    made = model(draw_codes(model, 6, seed=0))
    whole = merge_variables([q_posterior(model, made)])
    parts = merge_variables([q_posterior(model, made[:4]), q_posterior(model, made[4:])])
    assert (whole.values == parts.values).all()
    assert len(whole) == 6


def test_the_real_model_is_read(tiny_model):
    model = tiny_model()
    grids = np.random.default_rng(0).random((3, 16, 16, 16)) > 0.5
    read = predict_with_q(model, grids)
    assert read.names == ("d0", "d1", "c0")
    assert set(read.values[:, 0]) <= {0, 1, 2}
    assert len(predict_with_e(tiny_model(pairing="inverse"), grids)) == 3


def test_a_system_without_q_is_refused():
    assert not CodeBoxes().has_q_head
    with pytest.raises(ValueError, match="Boxes has no Q head"):
        predict_with_q(CodeBoxes(), np.zeros((2, CODE_SIDE, CODE_SIDE, CODE_SIDE), dtype=bool))
