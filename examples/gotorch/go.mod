module github.com/torchlight-go/torchlight/examples/gotorch

go 1.26.0

require (
	github.com/stretchr/testify v1.11.1
	github.com/torchlight-go/torchlight v0.0.0
	github.com/wangkuiyi/gotorch v0.0.0
)

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

replace (
	github.com/torchlight-go/torchlight => ../..
	// Ten lines of the same shape, so that the adapter is compiled and tested. A
	// program that uses the real gotorch leaves this line out.
	github.com/wangkuiyi/gotorch => ./standin
)
