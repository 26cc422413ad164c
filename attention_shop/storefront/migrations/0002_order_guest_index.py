from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):

    dependencies = [
        ('attention_storefront', '0001_initial'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='order',
            index=models.Index(models.F('site'), Lower('email'), models.F('placed_at').desc(), condition=models.Q(('user__isnull', True)), name='storefront_order_guest'),
        ),
    ]
