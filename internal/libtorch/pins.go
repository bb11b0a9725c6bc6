package libtorch

import (
	"fmt"
	"runtime"
)

// Version is the libtorch that this module is written, tested and measured
// with. Other versions are taken only when $LIBTORCH names them.
const Version = "2.11.0"

// wheel is one pinned file of a Python package index.
type wheel struct {
	project, version string
	// tag is the platform tag that pip is asked for.
	tag    string
	sha256 string
	// provides are the shared libraries to take out of it, for the companions
	// of the torch wheel.
	provides []string
}

// archive is one pinned file that is fetched by its address.
type archive struct {
	url, sha256 string
}

// pins say what is downloaded for one platform.
type pins struct {
	// python is the version whose wheel is taken. The libraries and headers are
	// the same for all of them, so one is enough and it need not be installed.
	python string
	// official is the CPU build of pytorch.org. It comes as a wheel too: of the
	// zip files published beside it no checksum is on record.
	official archive
	torch    wheel
	// companions hold libraries that the torch wheel's libtorch_cpu loads and
	// does not bring along.
	companions []wheel
}

// pinned is keyed by GOOS/GOARCH. The checksums of the PyPI files are those of
// its index. pytorch.org's linux/amd64 one was compared in three independent
// lock files, the linux/arm64 one is that of nixpkgs.
func pinned(platform string) (pins, error) {
	switch platform {
	case "linux/amd64":
		return pins{
			python: "3.11",
			official: archive{
				url:    "https://download.pytorch.org/whl/cpu/torch-2.11.0%2Bcpu-cp312-cp312-manylinux_2_28_x86_64.whl",
				sha256: "f82e2ae20c1545bb03997d1cc3143d94e14b800038669ee1aca45808a9acc338",
			},
			torch: wheel{
				project: "torch", version: Version, tag: "manylinux_2_28_x86_64",
				sha256: "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
			},
			companions: []wheel{{
				project: "nvidia-cuda-runtime", version: "13.0.96", tag: "manylinux2014_x86_64",
				sha256:   "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
				provides: []string{"libcudart.so.13"},
			}, {
				project: "nvidia-cuda-cupti", version: "13.0.85", tag: "manylinux_2_25_x86_64",
				sha256:   "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
				provides: []string{"libcupti.so.13"},
			}},
		}, nil
	case "linux/arm64":
		return pins{
			python: "3.11",
			official: archive{
				url:    "https://download.pytorch.org/whl/cpu/torch-2.11.0%2Bcpu-cp311-cp311-manylinux_2_28_aarch64.whl",
				sha256: "46fbb0aa257bb781efbfad648f5b045c0e232573b661f1461593db61342e9096",
			},
			torch: wheel{
				project: "torch", version: Version, tag: "manylinux_2_28_aarch64",
				sha256: "d91aac77f24082809d2c5a93f52a5f085032740a1ebc9252a7b052ef5a4fddc6",
			},
			companions: []wheel{{
				project: "nvidia-cuda-runtime", version: "13.0.96", tag: "manylinux2014_aarch64",
				sha256:   "ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55",
				provides: []string{"libcudart.so.13"},
			}, {
				project: "nvidia-cuda-cupti", version: "13.0.85", tag: "manylinux_2_25_aarch64",
				sha256:   "796bd679890ee55fb14a94629b698b6db54bcfd833d391d5e94017dd9d7d3151",
				provides: []string{"libcupti.so.13"},
			}},
		}, nil
	case "darwin/arm64":
		return pins{
			python: "3.11",
			// The PyPI wheel for macOS is the CPU build already.
			torch: wheel{
				project: "torch", version: Version, tag: "macosx_11_0_arm64",
				sha256: "7b6a60d48062809f58595509c524b88e6ddec3ebe25833d6462eeab81e5f2ce4",
			},
		}, nil
	}
	return pins{}, fmt.Errorf("libtorch: no build for %s is known: set LIBTORCH to a folder that holds include/ and lib/", platform)
}

// Platform is this machine's GOOS/GOARCH.
func Platform() string { return runtime.GOOS + "/" + runtime.GOARCH }
