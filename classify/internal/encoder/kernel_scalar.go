//go:build !(goexperiment.simd && amd64)

package encoder

func choose() kernels { return scalarKernels }

// available lists the sets of kernels that this processor can run.
func available() []kernels { return []kernels{scalarKernels} }
