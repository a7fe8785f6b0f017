import numpy as np
import paddle

from ppocr.modeling.heads import build_head


def test_the_attention_head_gives_logits_in_training_and_probabilities_else():
    head = build_head({"name": "AttentionHead", "hidden_size": 4, "out_channels": 6}, "rec", in_channels=3)
    x = paddle.rand([2, 5, 3])
    logits = head(x)
    head.eval()
    probabilities = head(x).numpy()
    assert probabilities.shape == (2, 25, 6)
    np.testing.assert_allclose(probabilities.sum(axis=2), 1.0, atol=1e-5)
    np.testing.assert_allclose(probabilities, paddle.nn.functional.softmax(logits).numpy(), atol=1e-6)


def test_the_head_of_spin_reads_the_label_in_training_and_generates_else():
    head = build_head(
        {"name": "SPINAttentionHead", "hidden_size": 4, "out_channels": 6, "max_text_length": 3}, "rec", in_channels=3
    )
    x, label = paddle.rand([2, 5, 3]), paddle.to_tensor([[0, 2, 1, 0], [0, 3, 4, 1]])
    taught = head(x, (label, None))
    np.testing.assert_allclose(taught.numpy(), head.teach(x, label[:, :3]).numpy())
    head.eval()
    probabilities = head(x, None).numpy()
    assert probabilities.shape == (2, 4, 6)
    np.testing.assert_allclose(probabilities.sum(axis=2), 1.0, atol=1e-5)
