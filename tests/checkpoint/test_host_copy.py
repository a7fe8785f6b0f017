import numpy as np
import paddle

from ppocr.checkpoint.host_copy import HostBuffers


def test_a_copy_stays_as_it_is_and_its_memory_is_used_again():
    buffers = HostBuffers()
    tensors = [paddle.full([3, 2], 1.0), paddle.arange(4), paddle.to_tensor(2.5), paddle.ones([2], "float16")]
    copies = [buffers.copy(tensor) for tensor in tensors]
    tensors[0].set_value(paddle.full([3, 2], 9.0))
    assert copies[0].tolist() == [[1.0, 1.0]] * 3 and copies[1].tolist() == [0, 1, 2, 3]
    assert copies[2].shape == () and float(copies[2]) == 2.5 and copies[3].dtype == np.float16
    buffers.restart()
    assert buffers.copy(tensors[0]) is copies[0] and copies[0].tolist() == [[9.0, 9.0]] * 3


def test_another_shape_gets_memory_of_its_own():
    buffers = HostBuffers()
    first = buffers.copy(paddle.zeros([2]))
    buffers.restart()
    assert buffers.copy(paddle.ones([3])).tolist() == [1, 1, 1] and first.tolist() == [0, 0]


def test_parameters_are_copied_too():
    layer = paddle.nn.Linear(2, 2)
    np.testing.assert_array_equal(HostBuffers().copy(layer.weight), layer.weight.numpy())
