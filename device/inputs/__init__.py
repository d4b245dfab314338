"""How an image becomes tensors. Each module here is one kind.

A kind's module offers parse(value, where), which makes a *source* of the JSON in a bundle's "input". That is a frozen
dataclass, as `records.as_json` writes it, with

    kind                                  the module's name, a ClassVar
    shape                                 (height, width, channels) where all images are of one size, else None
    channels                              of an image
    wanted                                which images it takes and what to do with others, in words
    takes(shape)                          whether it takes uint8 images of this shape
    check(tensor)                         raises BundleError for a `TensorInfo` of an input that does not fit
    macs(macs, tensor, height, width)     of an image, from those of the file and the file's input tensor
    open(network)                         its *tensors*, ready for a `runtime.Network`

These have buffers of their own (one thread at a time).

    prepare(height, width)    makes ready for images of another size; returns the shape of their whole output tensor
    quantize(image)           stage 1: writes an image, uint8 (height, width, channels), into the input tensors
    invoke()                  stage 2: runs the network on them
    tensors()                 the output tensors, as an output takes them (see device/outputs)
    run(image)                all three, strip by strip where there are several
"""
