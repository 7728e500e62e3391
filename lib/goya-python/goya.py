# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The goya-rs authors
"""libgoya for Python: copies, fills and kernels on a Goya card, on anything that has a buffer, NumPy's arrays too.

A part of goya.h, by ctypes. What fails raises GoyaError, an OSError with the library's sentence. LIBGOYA= in the environment
names another library than the system's libgoya.so.0."""

import ctypes
import os
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_uint64, c_void_p


class GoyaError(OSError):
    """What the library says."""


class _Error(ctypes.Structure):
    _fields_ = [("code", c_int), ("message", c_char * 512)]


class Place(ctypes.Structure):
    """A place that the card reaches: in memory, which it keeps, or at an address."""

    _fields_ = [("host", c_void_p), ("device", c_void_p), ("offset", c_uint64)]

    def __init__(self, memory=None, offset=0):
        super().__init__(offset=offset)
        self.uses = memory
        if memory is not None:
            setattr(self, memory.kind.removesuffix("_memory"), memory.pointer)


class Job(ctypes.Structure):
    """A job for a queue."""

    _fields_ = [("queue", c_uint32), ("commands", c_void_p), ("place", Place), ("size", c_uint64)]


class Tensor(ctypes.Structure):
    """A tensor in the card's memory."""

    _fields_ = [("place", Place), ("element", c_uint32), ("sizes", c_uint32 * 5), ("strides", c_uint32 * 5)]

    def __init__(self, place, element, sizes):
        super().__init__(place, element, sizes)
        self.uses = place.uses


SRAM = 0x7FF0008000
FOR_EVER = 2**64 - 1
try:
    _library = ctypes.CDLL(os.environ.get("LIBGOYA", "libgoya.so.0"))
except OSError as _missing:
    raise ImportError(f"{_missing}; the package libgoya0 has it, or LIBGOYA= names it") from None
_library.goya_card_count.argtypes, _library.goya_card_count.restype = [], c_size_t


def _function(name, result, *arguments):
    """A function of the library that fills in an error: a NULL or a negative number is an exception."""
    function = getattr(_library, "goya_" + name)
    function.restype, function.argtypes = result, [*arguments, POINTER(_Error)]

    def call(*values):
        error = _Error()
        answer = function(*values, byref(error))
        if answer is None or (result is c_int and answer < 0):
            raise GoyaError(-error.code, error.message.decode())
        return answer

    return call


class Object:
    """An object of the library, which is freed with this, and keeps what it uses until then."""

    # Of an object that could not be made.
    pointer = _free = None

    def __init__(self, kind, pointer, *uses):
        self._free = getattr(_library, f"goya_{kind}_free")
        self._free.argtypes, self._free.restype = [c_void_p], None
        self.kind, self.pointer, self.uses = kind, pointer, list(uses)

    def __del__(self):
        pointer, self.pointer = self.pointer, None
        if pointer is not None:
            self._free(pointer)

    @property
    def _as_parameter_(self):
        return c_void_p(self.pointer)


_open = _function("device_open", c_void_p, c_size_t)
_host_memory = _function("host_memory_map", c_void_p, c_void_p, c_void_p, c_size_t)
_device_memory = _function("device_memory_new", c_void_p, c_void_p, c_uint64)
_put = _function("device_put", c_int, c_void_p, Place, c_void_p, c_size_t)
_get = _function("device_get", c_int, c_void_p, Place, c_void_p, c_size_t)
_commands = _function("commands_new", c_void_p)
_copy = _function("commands_copy", c_int, c_void_p, Place, Place, c_uint32)
_fill = _function("commands_fill", c_int, c_void_p, Place, c_uint64, c_uint32)
_submit = _function("device_submit", c_void_p, c_void_p, POINTER(Job), c_size_t, c_uint32, c_uint32)
_wait = _function("fence_wait", c_int, c_void_p, c_uint64, POINTER(c_int64))
_load = _function("program_load", c_void_p, c_void_p, c_char_p)
_bind = _function(
    "program_bind", c_void_p, c_void_p, POINTER(Tensor), c_size_t, POINTER(c_uint32), c_size_t, c_void_p, c_uint32
)
_start = _function("launch_start", c_void_p, c_void_p)


def _view(array):
    """The bytes of an array: of one that has values, in the order of memory."""
    view = memoryview(array)
    # Names of fields stand between colons.
    if "O" in "".join(view.format.split(":")[::2]):
        raise TypeError("an array of Python's objects has addresses, no values: the card has no use for them")
    if not view.c_contiguous:
        raise TypeError("the array has gaps or another order of its dimensions: numpy.ascontiguousarray() makes one without")
    return view.cast("B")


def _buffer(array):
    """The memory of anything that has some to be written: an array, a NumPy array, a bytearray."""
    view = _view(array)
    return (c_char * view.nbytes).from_buffer(view), view.nbytes


def _data(array):
    """The same of what is only read: of bytes, say, that is a copy."""
    view = _view(array)
    memory = c_char * view.nbytes
    return (memory.from_buffer_copy if view.readonly else memory.from_buffer)(view), view.nbytes


def _bytes(size):
    """A size that a packet can have: ctypes would cut others without a word."""
    if not 0 < size < 2**32:
        raise ValueError(f"a packet moves 1 to {2**32 - 1} bytes, not {size}")
    return size


def cards():
    """How many cards there are that a driver has."""
    return _library.goya_card_count()


class Device(Object):
    """An open card."""

    def __init__(self, number=0):
        super().__init__("device", _open(number))

    def map(self, array):
        """Has the card reach an array, which cannot be resized from then on. It is there as long as the device is.

        The card reaches the whole pages that the array touches."""
        memory, size = _buffer(array)
        mapped = Object("host_memory", _host_memory(self, ctypes.addressof(memory), size), self)
        self.uses.append(memory)
        return mapped

    def memory(self, size):
        """Device memory."""
        return Object("device_memory", _device_memory(self, size), self)

    def put(self, place, array):
        """Copies an array to the card, and waits until it is there."""
        _put(self, place, *_data(array))

    def get(self, place, array):
        """Copies from the card into an array, and waits until all is there."""
        _get(self, place, *_buffer(array))

    def submit(self, queue, commands):
        """Submits packets to a DMA queue; the answer is a fence."""
        job = Job(queue=queue, commands=commands.pointer)
        return Object("fence", _submit(self, byref(job), 1, 0, 0), self, *commands.uses)

    def launch(self, name, tensors, cores=8):
        """Starts a kernel that comes with the library; the answer is a fence."""
        program = Object("program", _load(self, name.encode()))
        array = (Tensor * len(tensors))(*tensors)
        launch = Object("launch", _bind(program, array, len(tensors), None, 0, None, cores))
        return Object("fence", _start(launch), self, launch, *(tensor.uses for tensor in tensors))


class Commands(Object):
    """Packets in a row."""

    def __init__(self):
        super().__init__("commands", _commands())

    def copy(self, source, target, size):
        """Appends a copy of `size` bytes from one place to another."""
        _copy(self, source, target, _bytes(size))
        self.uses += [source.uses, target.uses]

    def fill(self, target, value, size):
        """Appends one that fills `size` bytes with a value of eight."""
        _fill(self, target, value, _bytes(size))
        self.uses.append(target.uses)


def wait(fence, timeout=None):
    """Waits for a fence, for `timeout` seconds at most; says whether it has ended. GoyaError if it has not ended well."""
    return _wait(fence, FOR_EVER if timeout is None else min(max(0, int(timeout * 1e6)), FOR_EVER), None) != 0
