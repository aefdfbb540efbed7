resource "aws_alb_listener" "web" {
  protocol = "HTTP"
  tags = { owner = "a" }
}

resource "aws_s3_bucket" "logs" {
  bucket = "logs-${var.env}"
}

locals {
  secret = file("/etc/hostname")
}
