module github.com/torchlight-go/torchlight

go 1.26
