"""How many processes there is room for."""

import pytest

from pipeline.run.workers.room import optimisers_for, room_for


@pytest.mark.parametrize(
    ("needs", "cores", "memory", "room"),
    [([5] * 9, 4, 100, 4), ([5] * 3, 4, 100, 3), ([1, 5] * 3, 4, 11, 2), ([5] * 9, 4, 1, 1), ([], 4, 100, 1)],
)
def test_there_is_room_for_as_many_as_cores_memory_and_tasks_allow(
    needs: list[int], cores: int, memory: int, room: int
) -> None:
    assert room_for(needs, cores, memory) == room


GB = 10**9


@pytest.mark.parametrize(
    ("tasks", "cores", "memory", "gpu_memory", "size", "room"),
    [
        (80, 16, 100 * GB, None, 0, 6),
        (80, 16, 100 * GB, 140 * GB, 700, 6),
        (80, 64, 100 * GB, 140 * GB, 700, 6),  # more fill the GPU no better
        (3, 16, 100 * GB, 140 * GB, 700, 3),
        (80, 8, 100 * GB, 140 * GB, 700, 3),
        (80, 2, 100 * GB, 140 * GB, 700, 1),
        (80, 16, 6 * GB, 140 * GB, 700, 2),
        (80, 16, 100 * GB, 8 * GB, 700, 2),
        (80, 16, 100 * GB, 40 * GB, 2000, 2),
        (80, 16, 1, 1, 700, 1),
        (0, 16, 100 * GB, None, 0, 1),
    ],
)
def test_there_are_as_many_that_optimise_as_cores_both_memories_and_tasks_allow(
    tasks: int, cores: int, memory: int, gpu_memory: int | None, size: int, room: int
) -> None:
    assert optimisers_for(tasks, cores, memory, gpu_memory, size) == room
