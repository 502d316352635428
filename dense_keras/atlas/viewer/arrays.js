"use strict";
/* Arrays of numbers as an export writes them: base64 of little-endian integers, or plain nested lists. */

const atlas = {};

{
  const TYPES = {
    u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i2: Int16Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array,
  };

  class Numbers {
    constructor(values, shape) {
      this.values = values;
      this.shape = shape;
      this.stride = shape.slice(1).reduce((product, size) => product * size, 1);
    }

    /* The numbers under one first index, without copying. */
    row(index) {
      return this.values.subarray(index * this.stride, (index + 1) * this.stride);
    }

    at(...place) {
      return this.values[place.reduce((flat, index, axis) => flat * this.shape[axis] + index, 0)];
    }
  }

  function unpacked({dtype, shape, data, scale = 1, offset = 0, none = null}) {
    const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
    const stored = new TYPES[dtype](bytes.buffer);
    return new Numbers(Float32Array.from(stored, value => (value === none ? NaN : offset + scale * value)), shape);
  }

  function listed(list) {
    const shape = [];
    for (let inside = list; Array.isArray(inside); inside = inside[0]) shape.push(inside.length);
    return new Numbers(Float32Array.from(list.flat(Infinity), value => value ?? NaN), shape);
  }

  const known = new WeakMap();

  /* Numbers of an encoded array, decoded when first asked for; null of null. */
  atlas.numbers = encoded => {
    if (!encoded) return null;
    if (!known.has(encoded)) known.set(encoded, Array.isArray(encoded) ? listed(encoded) : unpacked(encoded));
    return known.get(encoded);
  };
}
