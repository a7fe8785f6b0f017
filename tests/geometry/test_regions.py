"""Regions of maps, and how parts of kernels grow."""

import numpy as np
import pytest

from ppocr.geometry.regions import Region, grown_regions, outer_regions


def drawn(*rows):
    return np.array([[character == "#" for character in row] for row in rows], np.uint8)


def placed(region, shape):
    plane = np.zeros(shape, np.uint8)
    region.cut(plane)[:] = region.mask
    return plane


def grown(kernels, least_area=1):
    """Returns the regions as sorted lists of the pixels in each."""
    found = grown_regions(kernels.__getitem__, len(kernels), least_area)
    return sorted(np.argwhere(placed(region, kernels[0].shape)).tolist() for region in found)


def pixels(mask):
    return np.argwhere(mask).tolist()


def test_a_region_knows_its_pixels_and_its_outline():
    region = Region(3, 1, drawn("##.", "###"))
    assert region.area == 5
    assert region.cut(np.arange(40).reshape(5, 8)).tolist() == [[11, 12, 13], [19, 20, 21]]
    assert sorted(region.outline().tolist()) == [[3, 1], [3, 2], [4, 1], [5, 2]]


def test_outer_regions_hang_together_by_corners_and_keep_what_lies_in_their_holes():
    mask = drawn("#.......", ".#..###.", "....#.#.", "....###.", "#.......")
    found = {(region.left, region.top): region.mask.tolist() for region in outer_regions(mask)}
    assert set(found) == {(0, 0), (4, 1), (0, 4)}
    assert found[4, 1] == [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    around = np.pad(np.pad(np.ones((3, 3), np.uint8), 1), 1, constant_values=1)
    assert [region.mask.tolist() for region in outer_regions(around)] == [around.tolist()]


def test_a_part_fills_the_ground_that_it_has_alone_and_ground_without_one_is_nothing():
    ground = drawn("####...##", "####...##", ".........", "###......")
    seeds = drawn(".#.....#.", ".........", ".........", ".........")
    assert grown([ground, seeds]) == sorted(
        [pixels(drawn("####.....", "####.....")), pixels(drawn(".......##", ".......##"))]
    )


def test_corners_do_not_join():
    ground = drawn("##..", "##..", "..##", "..##")
    seeds = drawn("#...", "....", "....", "...#")
    assert len(grown([ground, seeds])) == 2
    assert grown([ground, drawn("#...", "....", "....", "....")]) == [pixels(drawn("##..", "##.."))]


def test_parts_share_the_ground_between_them():
    ground, seeds = drawn("########"), drawn("#......#")
    assert grown([ground, seeds]) == [[[0, i] for i in range(4)], [[0, i] for i in range(4, 8)]]


def test_a_kernel_between_decides_who_comes_first():
    ground, between, seeds = drawn("########"), drawn("######.#"), drawn("#......#")
    assert grown([ground, between, seeds]) == [[[0, i] for i in range(6)], [[0, 6], [0, 7]]]


def test_small_parts_do_not_grow():
    ground, seeds = drawn("########", "########"), drawn("##.....#", "........")
    assert grown([ground, seeds], least_area=2) == [pixels(ground)]
    assert grown([ground, seeds], least_area=3) == []


def test_kernels_between_are_looked_at_only_where_parts_compete():
    asked = []
    planes = [drawn("###.###"), drawn("###.###"), drawn(".#...#.")]

    def kernel(level):
        asked.append(level)
        return planes[level]

    assert len(list(grown_regions(kernel, 3, 1))) == 2 and set(asked) == {0, 2}


def step_by_step(kernels):
    """The algorithm of the paper, pixel by pixel; returns the pixels of each region as :func:`grown` does."""
    owner = {}
    for place in pixels(kernels[-1]):
        if tuple(place) not in owner:
            spread(owner, kernels[-1], {tuple(place): tuple(place)})
    for kernel in kernels[-2::-1]:
        spread(owner, kernel, dict(owner))
    regions = {}
    for place, seed in owner.items():
        regions.setdefault(seed, []).append(list(place))
    return sorted(sorted(region) for region in regions.values())


def spread(owner, kernel, front):
    """Lets what stands at the front take the free pixels of a kernel, a step at a time."""
    owner.update(front)
    while front:
        reached = {}
        for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            for (y, x), seed in front.items():
                place = (y + dy, x + dx)
                inside = 0 <= place[0] < kernel.shape[0] and 0 <= place[1] < kernel.shape[1]
                if inside and kernel[place] and place not in owner:
                    owner[place] = reached[place] = seed
        front = reached


@pytest.mark.parametrize("seed", range(20))
def test_regions_are_those_of_the_algorithm_step_by_step(seed):
    rng = np.random.default_rng(seed)
    noise = rng.random((14, 22))
    noise = sum(np.roll(noise, shift, axis) for shift in (-1, 0, 1) for axis in (0, 1)) / 6
    kernels = [(noise > bound).astype(np.uint8) for bound in (0.4, 0.47, 0.54, 0.6)]
    assert grown(kernels) == step_by_step(kernels)
