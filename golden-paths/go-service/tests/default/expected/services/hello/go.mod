module github.com/org/shop/services/hello

go 1.26
