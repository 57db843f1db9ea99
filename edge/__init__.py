"""hall-edge: from the hall's devices to the upstream broker, nothing lost, nothing counted twice."""
