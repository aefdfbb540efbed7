# resource "aws_s3_bucket" "logs" { acl = "no" }
terraform {
  required_version = ">= 1.6"
}

variable "region" { default = "eu" }

/* resource "x" "y" {
} */
resource "aws_s3_bucket" "logs" {
  bucket = "logs-${var.region == "eu" ? "{" : "us"}"
  acl    = "private"
  tags = {
    Name  = "logs"
    "a/b" = 1
  }
  policy = <<-EOT
    { acl = "fake" }
  EOT
  force_destroy = true
}

resource "aws_s3_bucket" "site" {
  acl = "public-read" // really
}

resource "aws_security_group" "web" {
  ingress {
    from_port   = 80
    cidr_blocks = ["10.0.0.0/8"]
  }
  ingress {
    from_port   = 22
    cidr_blocks = [
      "10.0.0.0/8",
      "0.0.0.0/0",
    ]
  }
}
