"""Graph convolution: nodes beside the weighted sums of the nodes that they are linked with."""

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant, XavierNormal


class GraphConvolution(nn.Layer):
    """One layer; the sums have weights of their own.

    Source: Linkage Based Face Clustering via Graph Convolution Network (https://arxiv.org/abs/1903.11306), section 3.4.

    Args:
        in_features, out_features: of a node.
    """

    def __init__(self, in_features, out_features):
        super().__init__()
        size = [2 * in_features, out_features]
        self.weight = self.create_parameter(size, attr=ParamAttr(initializer=XavierNormal()))
        self.bias = self.create_parameter([out_features], attr=ParamAttr(initializer=Constant(0.0)), is_bias=True)

    def forward(self, x, adjacency):
        """Maps nodes ``[G, M, in_features]`` to ``[G, M, out_features]`` by the links ``[G, M, M]``."""
        own, others = self.weight.split(2)
        return F.relu(F.linear(x, own, self.bias) + adjacency.matmul(F.linear(x, others)))
