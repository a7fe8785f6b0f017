"""Neural networks: architectures and the transforms, backbones, necks and heads that they are made of."""
